# make demo: the main job on real input, a copy of the sample store in a temporary git repository.
set -eu
here=$(pwd)
desk=$(mktemp -d)
trap 'rm -rf "$desk"' EXIT
export HOME="$desk/home" GIT_CONFIG_NOSYSTEM=1
unset TICKETCTL_AS TICKETCTL_STORE
mkdir -p "$HOME" "$desk/store"
git config --global user.name Amy
git config --global user.email amy@support.example
cp -R "$here/tickets" "$here/ticketctl.yaml" "$desk/store/"
cd "$desk/store"
sed -i.bak 's/^commit: off/commit: auto/' ticketctl.yaml && rm ticketctl.yaml.bak
git init -q -b main . && git add . && git commit -qm "The sample store"

# Show a command, then run it; the demo ends where one fails that should not.
run() { printf '\n$ %s\n' "$1"; eval "$1"; }
refused() { printf '\n$ %s\n' "$1"; if eval "$1"; then echo "this should have been refused" >&2; exit 1; fi; }

export TICKETCTL_NOW=2026-11-22T09:00
run 'ticketctl list -L 8'
run 'ticketctl --as customer:jane@customer.example new "Invoice shows the wrong address" -d "The June invoice has our old address." > id'
id=$(cat id)
file="tickets/2026/11/22/$id.yaml"
cat id
refused "ticketctl move $id Closed"
run "ticketctl assign $id @me"
run "ticketctl move $id Pending --reply 'Which address should it show?'"
export TICKETCTL_NOW=2026-11-22T11:40
run "ticketctl --as customer:jane@customer.example reply $id -m '12 Oak Lane.'"
run "ticketctl next $id"
run "ticketctl move $id Solved --reply 'We corrected the address; the new invoice is attached.'"
export TICKETCTL_NOW=2026-11-26T12:30
run 'ticketctl sweep --dry-run'
run 'ticketctl sweep'
run "ticketctl show $id"
run 'ticketctl list --queue -p hosting'
run "git --no-pager log -p --format='commit %s' -- $file"
run 'ticketctl check'
