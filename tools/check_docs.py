#!/usr/bin/env python3
"""Holds code in Markdown to the programs it is cut from; exit 1 when they differ.

    tools/check_docs.py [--write] [ROOT]

A block that follows `<!-- from FILE -->` is the whole FILE; after `<!-- from FILE#NAME -->` it is
what stands in FILE between the comments `// [NAME]` and `// [NAME end]`, without its common
indentation. `--write` puts it there. Links to files of the repository are checked, too, and that
something stands between `<!-- NAME -->` and `<!-- NAME end -->`, where other tools put their tables.
"""
import pathlib
import re
import subprocess
import sys
import textwrap

BLOCK = re.compile(r"<!-- from (?P<file>[^#\s]+)(?:#(?P<name>\S+))? -->\n```(?P<lang>\w*)\n"
                   r"(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
MARKS = re.compile(r"<!-- (?P<name>[\w-]+) -->(?P<text>.*?)<!-- (?P=name) end -->", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


def excerpt(root, file, name):
    """The text a block must be, or None when FILE or NAME does not exist."""
    if not (root / file).is_file():
        return None
    text = (root / file).read_text()
    if name is None:
        return text
    found = re.search(rf"^\s*// \[{re.escape(name)}\]\n(.*?)^\s*// \[{re.escape(name)} end\]$",
                      text, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(found.group(1)) if found else None


def main():
    arguments = [word for word in sys.argv[1:] if word != "--write"]
    root = pathlib.Path(arguments[0] if arguments else ".").resolve()
    names = subprocess.run(["git", "-C", str(root), "ls-files", "*.md"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    findings = []
    for path in (root / name for name in names):
        if not path.is_file():
            continue
        shown = path.relative_to(root)

        def renew(block):
            source = block["file"] + ("#" + block["name"] if block["name"] else "")
            wanted = excerpt(root, block["file"], block["name"])
            if wanted is None:
                findings.append(f"{shown}: there is no {source}")
                return block[0]
            if wanted != block["code"] and "--write" not in sys.argv:
                findings.append(f"{shown}: the code differs from {source}; "
                                "run tools/check_docs.py --write")
            start, end = (place - block.start() for place in block.span("code"))
            return block[0][:start] + wanted + block[0][end:]

        text = path.read_text()
        if text.count("<!-- from ") != len(BLOCK.findall(text)):
            findings.append(f"{shown}: a '<!-- from … -->' that no code block follows")
        renewed = BLOCK.sub(renew, text)
        if "--write" in sys.argv and renewed != text:
            path.write_text(renewed)
        for marks in MARKS.finditer(text):
            if not marks["text"].strip():
                findings.append(f"{shown}: nothing between the marks '{marks['name']}'; "
                                "run the tool that fills them")
        for link in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            if not (path.parent / link).exists():
                findings.append(f"{shown}: a link to {link}, which does not exist")
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
