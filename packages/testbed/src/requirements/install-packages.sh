# Installs Debian packages without starting a service of theirs. $@: the packages
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
# An installation that was killed left this behind.
[ ! -e "$policy.vmunit" ] || mv "$policy.vmunit" "$policy"
# Package scripts ask this program whether they may start a service; 101 means no.
answer=0
[ ! -x $policy ] || $policy ssh start >/dev/null 2>&1 || answer=$?
if [ $answer != 101 ]; then
  if [ -e $policy ]; then
    mv $policy "$policy.vmunit"
    trap 'mv "$policy.vmunit" $policy' EXIT
  else
    trap 'rm -f $policy' EXIT
  fi
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
fi
had_sshd=
[ ! -e /usr/sbin/sshd ] || had_sshd=yes
install() {
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" </dev/null
}
install "$@" || {
  # The lists of packages are missing or older than what the mirrors have.
  apt-get update -o DPkg::Lock::Timeout=300
  install "$@"
}
# Nor may it begin with the next start of this machine. As for a root elsewhere: only links are removed.
if [ -z "$had_sshd" ] && [ -e /usr/sbin/sshd ] && command -v systemctl >/dev/null; then
  systemctl --root=/ --quiet disable ssh.service
fi
