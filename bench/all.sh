#!/bin/sh
# Runs every bench and writes its figures into docs/performance.md. The machine should do nothing else meanwhile.
#
#   bench/all.sh [NAME...]
#
# PYTHON has the project, TRAIN_PYTHON its extra `train`, READER_PYTHON `reader`; TEXTS may name a file of real items for
# the classifier's bench, and WEIGHTS the trained network's state_dict. Where STORIES names a file of labelled real stories and
# STREAMS files of recorded news (none of them with a space in its name), `stories` runs, too.
cd "$(dirname "$0")/.." || exit 1
PYTHON=${PYTHON:-.venv/bin/python}
failed=""
for name in ${*:-classifier burst answers memory pipeline grouping ${STORIES:+${STREAMS:+stories}} feeds store titles delivery}; do
    python=$PYTHON
    set --
    case $name in
        classifier)
            python=${TRAIN_PYTHON:-$PYTHON}
            set -- ${TEXTS:+--texts "$TEXTS"} ${WEIGHTS:+--weights "$WEIGHTS"}
            ;;
        # shellcheck disable=SC2086  # several files
        stories) set -- --stories "${STORIES:?}" --streams ${STREAMS:?} ;;
        feeds) set -- --reader "${READER_PYTHON:-.venv-bench/bin/python}" ;;
    esac
    echo "== $name" >&2
    if output=$("$python" "bench/$name.py" "$@"); then
        printf '%s\n' "$output"
        printf '%s\n' "$output" | "$PYTHON" bench/record.py "$name" || failed="$failed $name"
    else
        printf '%s\n' "$output"
        failed="$failed $name"
    fi
done
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
