#!/bin/sh
# Starts the JMeter of this folder. As with Apache's own launcher, HEAP, JVM_ARGS and JAVA_HOME have their say.
bin=$(dirname -- "$(readlink -f -- "$0")")
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# shellcheck disable=SC2086 # both hold several options
exec "$java" ${HEAP:--Xms256m -Xmx1g} ${JVM_ARGS:-} -jar "$bin/ApacheJMeter.jar" "$@"
