"""YAML files in, validated declarations out, each with the file and line that says it. Reads files.

folders and yaml/ (what lies there) -> schema and shape (is each file sound) -> build and its parts (the nouns of model) ->
references (does everything that is named exist); load does it all, and gives every problem at once.
"""
