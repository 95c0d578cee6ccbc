# Makes the machine of the current directory and becomes its first process: runs in fresh mount, pid, uts and ipc namespaces.
# Usage: sh enterMachine.sh LOWER (the overlay's lower directories, relative to the current directory, joined by colons)
# Reads the script of the second half, which runs inside the machine, from standard input; tells on descriptor 3.
set -eu

# /proc still belongs to the outer pid namespace: this is the number by which the outside knows the machine.
read -r pid rest </proc/self/stat
echo "pid $pid" >&3

# index, metacopy and redirect_dir would tie a captured layer to the layers it was made on, or make it more than plain files.
mount -t overlay overlay -o "lowerdir=$1,upperdir=upper,workdir=work,index=off,metacopy=off,redirect_dir=off" root
cd root
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o nosuid,mode=0755 tmpfs dev
mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs run
mkdir dev/pts dev/shm dev/.outside
mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs dev/shm
umask 000
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
umask 022
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mkdir run/lock run/sshd
chmod 1777 run/lock

# Not chroot alone: the outside's mounts must be out of sight and let go of.
pivot_root . dev/.outside
exec chroot . /bin/sh -s
