#!/bin/sh
# Starts Debian's JMeter by way of jmeter.bsh, which mends what keeps it from reading a test plan.
bin=$(dirname -- "$(readlink -f -- "$0")")
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# shellcheck disable=SC2086 # both hold several options
exec "$java" ${HEAP:--Xms256m -Xmx1g} ${JVM_ARGS:-} -Djmeter.home="$(dirname -- "$bin")" \
  -cp "$bin/ApacheJMeter.jar:/usr/share/java/bsh.jar" bsh.Interpreter "$bin/jmeter.bsh" "$@"
