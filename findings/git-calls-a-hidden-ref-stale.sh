#!/usr/bin/env bash
# git keeps a ref that is hidden from pushes alone (receive.hideRefs) visible to readers, as hubs do with refs of their own. A push to it with
# --force-with-lease that names the very commit which ls-remote shows is then refused as "stale info": the words for a lost race. Who
# takes compare-and-swap on a ref for a lock goes on trying, and never learns that the remote takes no push there at all.
# The other way round (uploadpack.hideRefs) a push succeeds, and nobody can read what was pushed.
# Seen with git 2.39.5: "! [rejected] refs/state/app -> refs/state/app (stale info)", and an empty ls-remote after a successful push.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HOME="$folder"
git --version
git init --quiet --bare "$folder/remote.git"
git init --quiet "$folder/here"
cd "$folder/here"
commit() { git -c user.name=t -c user.email=t@example.com commit --quiet --allow-empty -m "$1"; git rev-parse HEAD; }
first=$(commit one)
git push --quiet "$folder/remote.git" "$first:refs/state/app"
second=$(commit two)

git -C "$folder/remote.git" config receive.hideRefs refs/state
shown=$(git ls-remote "$folder/remote.git" refs/state/app | cut -f1)
[ "$shown" = "$first" ] || { echo "a ref that is hidden from pushes is hidden from readers now"; exit 1; }
if said=$(git push --force-with-lease="refs/state/app:$first" "$folder/remote.git" "$second:refs/state/app" 2>&1); then
  echo "the push is taken now"; exit 1
fi
echo "$said"
case $said in *"stale info"*) ;; *) echo "the refusal says something else now"; exit 1 ;; esac

git -C "$folder/remote.git" config --unset receive.hideRefs
git -C "$folder/remote.git" config uploadpack.hideRefs refs/state
git push --quiet --force-with-lease="refs/state/app:$first" "$folder/remote.git" "$second:refs/state/app" 2>/dev/null ||
  git push --quiet --force "$folder/remote.git" "$second:refs/state/app"
[ -z "$(git ls-remote "$folder/remote.git" refs/state/app)" ] || { echo "what is hidden from readers is shown now"; exit 1; }
echo "pushed, and ls-remote shows nothing"
