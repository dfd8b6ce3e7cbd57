# The first process of the namespaces in which all guests of a testbed live: when it ends, the kernel ends them all and
# frees their disks. It ends when its standard input does, so with the testbed, however that ends.
# $1: where the disks go  $2: the base root  $3: how many bytes all disks may have together
set -e
umask 022
mount -t tmpfs -o "size=$3,nr_inodes=4m,mode=700" vmunit-testbed "$1"
cd "$1"
mkdir base layers work guests dev dev/dev dev/dev/pts dev/dev/shm
mount --bind "$2" base
mount -o remount,bind,ro base
cd dev/dev
mknod -m 666 null c 1 3
mknod -m 666 zero c 1 5
mknod -m 666 full c 1 7
mknod -m 666 random c 1 8
mknod -m 666 urandom c 1 9
mknod -m 666 tty c 5 0
mknod -m 600 console c 5 1
ln -s pts/ptmx ptmx
ln -s /proc/self/fd fd
ln -s /proc/self/fd/0 stdin
ln -s /proc/self/fd/1 stdout
ln -s /proc/self/fd/2 stderr
# This /proc is the one of the machine, so that is the pid that the machine knows.
read -r pid rest </proc/self/stat
echo "$pid"
exec cat >/dev/null
