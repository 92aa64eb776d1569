#!/bin/sh
# Installs the Debian packages that the lab tests need, those that are missing and no others.
# Run as root. Does nothing, and needs no network, when all of them are there.
set -u

PACKAGES="nftables ufw sipvicious sip-tester sipsak nmap baresip-core linphone-cli python3 iproute2
 procps tcpdump systemd openssl rsyslog rsyslog-gnutls sqlite3 jq libfaketime e2fsprogs curl
 python3-aiosmtpd chromium-headless-shell fonts-dejavu-core ipset"
# Services: they are unpacked and not installed, so that none of them starts on this host.
UNPACKED="crowdsec crowdsec-firewall-bouncer prometheus kamailio"
FOLDER=/var/cache/sentrypeer-lab

missing() {
  for package in $PACKAGES; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
    [ "$status" = installed ] || printf '%s ' "$package"
  done
}

fail() {
  printf 'lab packages: %s\n' "$1" >&2
  exit 1
}

command -v dpkg-query >/dev/null 2>&1 ||
  fail "this is not a Debian system; install by hand what gives: $PACKAGES"

folded() {
  for package in $UNPACKED; do
    [ -e "$FOLDER/.$package" ] || printf '%s ' "$package"
  done
}

unpack() {
  mkdir -p "$FOLDER/packages" && cd "$FOLDER/packages" && rm -f ./*.deb || return 1
  # Unquoted on purpose: it is a list of words.
  # shellcheck disable=SC2046
  apt-get download -qq $(folded) 2>&1 || return 1
  for package in $(folded); do
    dpkg-deb -x "$package"_*.deb "$FOLDER" && : >"$FOLDER/.$package" || return 1
  done
  rm -f ./*.deb
}

wanted=$(missing)
[ -n "$wanted$(folded)" ] || exit 0
[ "$(id -u)" = 0 ] || fail "must be root to install: $wanted$(folded)"

export DEBIAN_FRONTEND=noninteractive
install() {
  # Unquoted on purpose: it is a list of words.
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=300 $wanted 2>&1
}

if [ -n "$wanted" ]; then
  printf 'lab packages: installing %s\n' "$wanted"
  if ! output=$(install); then
    # The package lists may be old or absent: fetch them once and try again.
    apt-get update -qq >/dev/null 2>&1 || fail "apt-get update failed; is there a network?"
    output=$(install) ||
      fail "apt-get install $wanted failed: $(printf '%s\n' "$output" | grep -m 1 '^E:')"
  fi
  left=$(missing)
  [ -z "$left" ] || fail "apt-get was content, yet these are not installed: $left"
fi

if [ -n "$(folded)" ]; then
  printf 'lab packages: unpacking %s\n' "$(folded)"
  if ! output=$(unpack); then
    apt-get update -qq >/dev/null 2>&1 || fail "apt-get update failed; is there a network?"
    output=$(unpack) || fail "could not unpack $(folded): $(printf '%s\n' "$output" | grep -m 1 '^E:')"
  fi
fi
