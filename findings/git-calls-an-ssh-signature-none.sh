#!/usr/bin/env bash
# git answers %G? of a commit that is signed with an SSH key with N, the letter of an unsigned one, where gpg.ssh.allowedSignersFile is not
# set: on every fresh machine, that is. %GF, the key, is empty too. An empty file (/dev/null) is enough for git to check the signature:
# then it says U, and whose key it is. Who counts unsigned commits by %G? counts all of them on a machine that nobody has set up.
# Seen with git 2.39.5: "[N] []" without the file, "[U] [SHA256:...]" with an empty one, "[G]" with the key in it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HOME="$folder"
git --version
ssh-keygen -q -t ed25519 -N "" -C t@example.com -f "$folder/key"
git init --quiet "$folder/here"
cd "$folder/here"
git -c user.name=t -c user.email=t@example.com -c gpg.format=ssh -c user.signingkey="$folder/key" commit --quiet --allow-empty -S -m one
git cat-file commit HEAD | grep -q "BEGIN SSH SIGNATURE" || { echo "the commit is not signed"; exit 1; }

says() { git "$@" log -1 --format='[%G?] [%GF]' 2>/dev/null; }
without=$(says)
empty=$(says -c gpg.ssh.allowedSignersFile=/dev/null)
echo "t@example.com $(cat "$folder/key.pub")" > "$folder/allowed"
known=$(says -c gpg.ssh.allowedSignersFile="$folder/allowed")
echo "without a file $without, with an empty one $empty, with the key in it $known"
[ "$without" = "[N] []" ] || { echo "a signature that nobody can judge is told from none now"; exit 1; }
case $empty in "[U] [SHA256:"*) ;; *) echo "an empty file is no longer enough"; exit 1 ;; esac
case $known in "[G] "*) ;; *) echo "a known key is not called good any more"; exit 1 ;; esac
