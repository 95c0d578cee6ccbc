#!/bin/sh
# First step of a bake: PHP and Ansible where the image has none yet, and a place for the application's files.
set -eu

if ! command -v php >/dev/null || ! command -v ansible-playbook >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y --no-install-recommends php-cli ansible-core
fi

# Packer uploads as the login user, into a folder that must be there.
install -d -o "${SUDO_UID:-0}" /tmp/webapp
