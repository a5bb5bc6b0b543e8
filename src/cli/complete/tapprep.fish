# Completion of tapprep for fish 3 or newer; the words come from "tapprep __complete".
function __tapprep_lines
    set -l words (commandline -opc)
    $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null
end

# Files and directories are fish's own to list and to quote.
function __tapprep_wants_files
    set -l lines (__tapprep_lines)
    contains -- "$lines[1]" files directories
end

function __tapprep_words
    set -l lines (__tapprep_lines)
    test "$lines[1]" = words; or return
    # fish holds the words against the whole of "--option=value".
    set -l option (string match -r -- '^--[a-z-]+=' (commandline -ct))
    for line in $lines[2..-1]
        echo -- "$option$line"
    end
end

complete -c tapprep -f
complete -c tapprep -n __tapprep_wants_files -F
complete -c tapprep -a '(__tapprep_words)'
