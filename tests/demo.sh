# make demo: the main job on real input, a copy of the sample store in a temporary git repository.
set -eu
here=$(pwd)
desk=$(mktemp -d)
trap 'rm -rf "$desk"' EXIT
export HOME="$desk/home" GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME" "$desk/store"
git config --global user.name Amy
git config --global user.email amy@support.example
cp -R "$here/tickets" "$here/ticketctl.yaml" "$desk/store/"
cd "$desk/store"
sed -i.bak 's/^commit: off/commit: auto/' ticketctl.yaml && rm ticketctl.yaml.bak
printf '.ticketctl/\n' > .gitignore
git init -q -b main . && git add . && git commit -qm "The sample store"

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
run() { say "$*"; "$@" || printf '(exit %s)\n' "$?"; }

export TICKETCTL_NOW=2026-11-22T09:00
run ticketctl list -L 8
run ticketctl --as customer:jane@customer.example new "Invoice shows the wrong address" -d "The June invoice has our old address." --id 261122-k3qx9
run ticketctl move k3qx9 Closed
run ticketctl assign k3qx9 @me
run ticketctl move k3qx9 Pending --reply "Which address should it show?"
export TICKETCTL_NOW=2026-11-22T11:40
run ticketctl --as customer:jane@customer.example reply k3qx9 -m "12 Oak Lane."
run ticketctl next k3qx9
run ticketctl move k3qx9 Solved --reply "We corrected the address; the new invoice is attached."
export TICKETCTL_NOW=2026-11-26T12:30
run ticketctl sweep --dry-run
run ticketctl sweep
run ticketctl show k3qx9
run ticketctl list --queue -p hosting
say "git log -p tickets/2026/11/22/261122-k3qx9.yaml"
git --no-pager log -p --format='commit %s' -- tickets/2026/11/22/261122-k3qx9.yaml
run ticketctl check
