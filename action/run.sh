#!/usr/bin/env bash
# The steps of action.yml: `run.sh build|check|test|plan`. What people write into a workflow or a pull request comes in
# variables and is never made part of a script. Runs with bash 3.2, which is what macOS has.
set -euo pipefail

built="${RUNNER_TEMP:-/tmp}/tenantry"
tenantry="${TENANTRY:-$built/bin/tenantry}"

# The lines of a text, without empty ones, into the array `lines`.
into_lines() {
    local line
    lines=()
    while IFS= read -r line; do
        if [[ -n "${line//[[:space:]]/}" ]]; then
            lines+=("$line")
        fi
    done <<<"$1"
}

# The options that all commands share, into the array `options`.
read_options() {
    options=()
    if [[ -n "${TENANTRY_NAMESPACE:-}" ]]; then
        options+=("--namespace=$TENANTRY_NAMESPACE")
    fi
    if [[ -n "${TENANTRY_CATALOGUE:-}" ]]; then
        options+=("--catalogue=$TENANTRY_CATALOGUE")
    fi
}

build() {
    cargo install --locked --path "$GITHUB_ACTION_PATH" --root "$built"
}

check() {
    into_lines "${TENANTRY_PATHS:-.}"
    read_options
    "$tenantry" check ${options[@]+"${options[@]}"} --output github -- "${lines[@]}"
}

run_tests() {
    into_lines "$TENANTRY_TESTS"
    read_options
    "$tenantry" test ${options[@]+"${options[@]}"} -- "${lines[@]}"
}

# The state that the pull request is to be merged into. What GitHub checks out is a merge whose first parent is that very
# state; the commit that the event names may be older, and what others have merged since would show as a change.
base() {
    if [[ "$(git rev-parse HEAD)" == "${GITHUB_SHA:-}" ]] && git rev-parse --quiet --verify 'HEAD^2' >/dev/null; then
        git rev-parse 'HEAD^1'
        return
    fi
    if ! git cat-file -e "$BASE_SHA^{commit}" 2>/dev/null; then
        git fetch --quiet --no-tags --depth=1 origin "$BASE_SHA" >&2 || {
            echo "::error title=tenantry plan::the base $BASE_SHA is not in the checkout; give actions/checkout fetch-depth: 2" >&2
            return 2
        }
    fi
    printf '%s\n' "$BASE_SHA"
}

plan() {
    local against status=0
    local difference="${RUNNER_TEMP:-/tmp}/tenantry-difference.md"
    into_lines "${TENANTRY_PATHS:-.}"
    read_options
    if [[ -n "${TENANTRY_MAX_CHANGES:-}" ]]; then
        options+=("--max-changes=$TENANTRY_MAX_CHANGES")
    fi
    against="$(base)"
    "$tenantry" plan ${options[@]+"${options[@]}"} --against "git:$against" --output markdown -- "${lines[@]}" \
        >"$difference" || status=$?
    # 1 is findings, which the check has told; 3 is more changes than allowed, which a reviewer wants to see.
    case "$status" in
        0 | 1 | 3) ;;
        *)
            echo "::error title=tenantry plan::cannot tell what changes against $against"
            return "$status"
            ;;
    esac
    cat "$difference" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
    if [[ "${TENANTRY_COMMENT:-true}" == true ]]; then
        comment "$difference" "$against"
    fi
    if [[ "$status" == 3 ]]; then
        echo "::error title=tenantry plan::the access of more people changes than max-changes allows"
        return 3
    fi
}

# One comment for each set of paths: it is found again by a mark that nobody sees, and then replaced.
comment() {
    local difference="$1" against="$2" mark comments existing name
    local text="${RUNNER_TEMP:-/tmp}/tenantry-comment.md"
    name="$(printf '%s ' "${lines[@]}" "${TENANTRY_NAMESPACE:-}" | tr -c 'A-Za-z0-9._/-' '_' | tr -s '_-')"
    mark="<!-- tenantry plan $name -->"
    comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
    # Of a bot, so that nobody's own comment is replaced who quotes the mark.
    if ! existing="$(gh api --paginate "$comments?per_page=100" \
        --jq ".[] | select(.user.type == \"Bot\") | select(.body | startswith(\"$mark\")) | .id")"; then
        no_comment
        return
    fi
    existing="${existing%%$'\n'*}"
    if [[ -z "$existing" ]] && grep -q "^### nobody's access changes" "$difference"; then
        echo "nobody's access changes; there is nothing to comment on"
        return
    fi
    {
        printf '%s\n' "$mark"
        shortened "$difference"
        printf '\n<sub>%s against %s</sub>\n' "${HEAD_SHA:0:7}" "${against:0:7}"
    } >"$text"
    if [[ -n "$existing" ]]; then
        gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$existing" --field "body=@$text" || no_comment
    else
        gh api --silent --method POST "$comments" --field "body=@$text" || no_comment
    fi
}

# A comment holds 65,536 characters at most; of a longer difference it shows the total.
shortened() {
    if (($(wc -c <"$1") <= 64000)); then
        cat "$1"
        return
    fi
    head -n 1 "$1"
    printf '\nThat is too long for a comment: [the summary of this run](%s/%s/actions/runs/%s) shows all of it.\n' \
        "${GITHUB_SERVER_URL:-https://github.com}" "$GITHUB_REPOSITORY" "${GITHUB_RUN_ID:-}"
}

# The token of a pull request from a fork may not write; that is no fault of the change.
no_comment() {
    echo "::warning title=tenantry plan::cannot comment on the pull request: give the job pull-requests: write; the token of a fork never has it. The summary of the run shows the difference"
}

case "${1:-}" in
    build | check | plan) "$1" ;;
    test) run_tests ;;
    *)
        echo "usage: run.sh build|check|test|plan" >&2
        exit 2
        ;;
esac
