# Becomes the first process of a guest: puts its root together, goes there, and leaves the machine's root behind.
# $1: where the disks are  $2: the guest  $3: its layers below, newest first  $4: the layer that it writes to
set -e
umask 022
cd "$1"
PATH="$1/base/bin"
export PATH
# This /proc is the one of the machine, so that is the pid that the machine knows.
read -r pid rest </proc/self/stat
echo "$pid"
mount -t overlay -o "lowerdir=$3,upperdir=layers/$4,workdir=work/$4,redirect_dir=on" overlay "guests/$2/root"
cd "guests/$2/root"
mount -t proc -o nosuid,noexec,nodev proc proc
# What is shared with the machine is not to be changed from a guest; the boot id is the guest's own.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
[ ! -e proc/sysrq-trigger ] || mount --bind dev/null proc/sysrq-trigger
mount --bind ../seed/boot-id proc/sys/kernel/random/boot_id
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,size=256m tmpfs dev/shm
mount -t tmpfs -o mode=1777,size=1g tmpfs tmp
mount -t tmpfs -o mode=755,size=64m tmpfs run
mkdir run/machine run/seed
mount --bind ../seed run/seed
pivot_root . run/machine
cd /
PATH=/bin
umount -l /run/machine
rmdir /run/machine
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ TERM=dumb /lib/guest/init
