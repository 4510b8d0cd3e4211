#!/bin/sh
# For CI: publishes the state machine's present revision as a version, and asks for it in Git.
#
#   publish-version.sh STATE_MACHINE_ARN FILE [REVISION_ID]
#
# FILE is the manifest, patch or values file with the one line `version: NUMBER`. REVISION_ID, from the answer of
# update-state-machine, refuses a revision that somebody else has made meanwhile. Publishing a revision that has a
# version already gives that version: then nothing changes, and nothing is committed. Pushing is left to the caller.
set -eu
machine=$1 file=$2 revision=${3:-}

version_arn=$(aws stepfunctions publish-state-machine-version --state-machine-arn "$machine" \
  ${revision:+--revision-id "$revision"} --query stateMachineVersionArn --output text)
version=${version_arn##*:}

lines=$(grep -cE '^ *version: *[0-9]+' "$file") || true
if [ "$lines" != 1 ]; then
  echo "$file: expected one line 'version: NUMBER', found $lines" >&2
  exit 1
fi
sed -E "s/^( *version: *)[0-9]+/\1$version/" "$file" > "$file.new"
mv "$file.new" "$file"

if git diff --quiet -- "$file"; then
  echo "$file asks for version $version already"
else
  git commit --quiet --message "Roll out version $version of ${machine##*:}" -- "$file"
  echo "$file asks for version $version now"
fi
