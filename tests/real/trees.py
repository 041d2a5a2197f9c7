"""Directories that scenarios start with: each function fills an empty one, always the same way."""
import os
import random

WORDS = ("river marsh estuary godwit curlew mudflat tide shingle reed migrate Alaska Zealand winter summer nest egg "
         "plumage rufous bill long probing worm mollusc flock roost dusk dawn").split()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def many_files(root):
    """10,000 files in 500 directories, with what programs that search look out for: .gitignore, hidden and binary files."""
    chance = random.Random(10000)
    for number in range(10000):
        directory = os.path.join(root, "tree", f"d{number % 20}", f"e{number % 500}")
        lines = [" ".join(chance.choices(WORDS, k=8)) for _ in range(chance.randrange(1, 12))]
        if number % 100 == 7:
            lines.insert(len(lines) // 2, f"the needle {number} größer")
        write(os.path.join(directory, f"file-{number}.{('txt', 'c', 'md', 'log')[number % 4]}"), "\n".join(lines) + "\n")


def logs(root):
    """Lines of a server: requests, logins, others."""
    chance = random.Random(7)
    lines = []
    for number in range(3000):
        kind = chance.randrange(10)
        if kind < 7:
            method = chance.choice(["GET", "PUT", "POST"])
            path = "/" + "/".join(chance.choices(WORDS, k=chance.randrange(0, 4)))
            status = chance.choice([200, 200, 200, 204, 301, 404, 500])
            lines.append(f"[{number}] {method} {path} {status} {chance.random() * 900:.3f}ms")
        elif kind < 9:
            user = chance.choice(["Anna", "Özil", "Łukasz", "bob"])
            lines.append(f"login of {user}" + (f" from 10.0.{kind}.{number % 256}" if number % 3 else ""))
        else:
            lines.append(" ".join(chance.choices(WORDS, k=6)).capitalize() + " \"quoted\" \\ Ünïcödé")
    write(os.path.join(root, "server.log"), "\n".join(lines) + "\n")
