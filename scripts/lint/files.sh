# Lists of the project's files, for the lint steps: tracked ones and new ones, not ignored, still there.
list_files() {
  git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while read -r file; do
    [ ! -f "$file" ] || echo "$file"
  done
}
