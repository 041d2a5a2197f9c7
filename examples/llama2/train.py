#!/usr/bin/env python3
"""Makes model.bin and tokenizer.bin: a tiny Llama, trained on little stories that this script makes up.

  train.py [--steps N] [--out DIRECTORY] [--show N]

Needs NumPy, nothing else: gradients are written out below. Everything is seeded. --show prints stories and ends.
"""

import argparse
import os
import pathlib
import random
import struct
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from stories import story  # noqa: E402

DIM, HIDDEN, LAYERS, HEADS, VOCABULARY, CONTEXT = 64, 128, 3, 4, 512, 128
HEAD = DIM // HEADS
BEGIN, BYTES = 1, 3  # the token that begins a story and ends one; the first of the 256 tokens for bytes


# --- the tokenizer ----------------------------------------------------------------------------------------------------


def train_bpe(texts: list[str]) -> list[str]:
    """Pieces in the order in which they were merged; the single characters come first."""
    counts: dict[tuple[str, ...], int] = {}
    for text in texts:
        for word in (" " + text).replace(" ", "\0 ").split("\0"):
            if word:
                counts[tuple(word)] = counts.get(tuple(word), 0) + 1
    printable = [chr(c) for c in range(32, 127)]
    pieces = ["\n", *printable]
    while len(pieces) < VOCABULARY - BYTES - 256:
        pairs: dict[tuple[str, str], int] = {}
        for word, count in counts.items():
            for pair in zip(word, word[1:]):
                pairs[pair] = pairs.get(pair, 0) + count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        pieces.append("".join(best))
        merged = {}
        for word, count in counts.items():
            out = []
            for piece in word:
                if out and (out[-1], piece) == best:
                    out[-1] += piece
                else:
                    out.append(piece)
            merged[tuple(out)] = merged.get(tuple(out), 0) + count
        counts = merged
    return pieces


def write_tokenizer(path: pathlib.Path, pieces: list[str]) -> None:
    """int32: longest piece; of each token: float32 score, int32 length, bytes. Earlier merges have higher scores."""
    rows = [("<unk>", 0.0), ("\n<s>\n", 0.0), ("\n</s>\n", 0.0), *((f"<0x{b:02X}>", 0.0) for b in range(256))]
    rows += [(piece, -float(rank)) for rank, piece in enumerate(pieces)]
    rows += [(f"<unused{n}>", -1e9) for n in range(VOCABULARY - len(rows))]
    with open(path, "wb") as file:
        file.write(struct.pack("<i", max(len(piece) for piece, _ in rows)))
        for piece, score in rows:
            file.write(struct.pack("<fi", score, len(piece)) + piece.encode())


class Encoder:
    """As the program encodes: single characters, of which the neighbours that were merged earliest are merged first."""

    def __init__(self, pieces: list[str]) -> None:
        self.ranks = {piece: rank for rank, piece in enumerate(pieces)}
        self.words: dict[str, list[int]] = {}

    def word(self, word: str) -> list[int]:
        parts = list(word)
        while True:
            ranked = [(self.ranks.get(a + b, 1 << 30), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))]
            rank, i = min(ranked, default=(1 << 30, 0))
            if rank == 1 << 30:
                return [BYTES + 256 + self.ranks[part] for part in parts]
            parts[i : i + 2] = [parts[i] + parts[i + 1]]

    def __call__(self, text: str) -> list[int]:
        tokens = []
        for word in (" " + text).replace(" ", "\0 ").split("\0"):
            if word:
                if word not in self.words:
                    self.words[word] = self.word(word)
                tokens += self.words[word]
        return tokens


# --- the model --------------------------------------------------------------------------------------------------------

ANGLES = np.outer(np.arange(CONTEXT), 10000.0 ** (-np.arange(0, HEAD, 2) / HEAD)).astype(np.float32)
COS, SIN = np.cos(ANGLES), np.sin(ANGLES)


def initial(rng: np.random.Generator) -> dict[str, np.ndarray]:
    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (rng.standard_normal(shape) * scale / np.sqrt(shape[-1])).astype(np.float32)

    deep = 1 / np.sqrt(2 * LAYERS)
    weights = {"embedding": normal(VOCABULARY, DIM, scale=0.5), "norm": np.ones(DIM, np.float32)}
    for n in range(LAYERS):
        weights |= {f"norm_a{n}": np.ones(DIM, np.float32), f"norm_f{n}": np.ones(DIM, np.float32)}
        weights |= {f"{kind}{n}": normal(DIM, DIM) for kind in ("wq", "wk", "wv")}
        weights |= {f"wo{n}": normal(DIM, DIM, scale=deep), f"w1{n}": normal(HIDDEN, DIM)}
        weights |= {f"w2{n}": normal(DIM, HIDDEN, scale=deep), f"w3{n}": normal(HIDDEN, DIM)}
    return weights


def norm(x, weight):
    scale = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    plain = x * scale
    return plain * weight, (plain, scale)


def norm_back(d, weight, saved):
    plain, scale = saved
    d_plain = d * weight
    return scale * (d_plain - plain * (d_plain * plain).mean(-1, keepdims=True)), (d * plain).sum(0)


def rotate(x, sign=1.0):
    """x [batch][head][time][HEAD]; sign -1 turns back, which is the gradient, too."""
    t = x.shape[2]
    out = np.empty_like(x)
    a, b, c, s = x[..., 0::2], x[..., 1::2], COS[:t], SIN[:t] * np.float32(sign)
    out[..., 0::2] = a * c - b * s
    out[..., 1::2] = a * s + b * c
    return out


def split(x, batch, t):
    return x.reshape(batch, t, HEADS, HEAD).transpose(0, 2, 1, 3)


def join(x):
    return x.transpose(0, 2, 1, 3).reshape(-1, DIM)


def loss_and_gradients(w, tokens, mask):
    """tokens [batch][time + 1]; mask [batch][time]: which of the predicted tokens count. The mean loss, and all gradients."""
    batch, t = tokens.shape[0], tokens.shape[1] - 1
    scale = np.float32(1 / np.sqrt(HEAD))
    future = np.triu(np.full((t, t), -1e9, np.float32), 1)
    x = w["embedding"][tokens[:, :-1].reshape(-1)]
    saved = []
    for n in range(LAYERS):
        a, a_saved = norm(x, w[f"norm_a{n}"])
        q, k, v = (split(a @ w[f"{kind}{n}"].T, batch, t) for kind in ("wq", "wk", "wv"))
        q, k = rotate(q), rotate(k)
        p = q @ k.transpose(0, 1, 3, 2) * scale + future
        p -= p.max(-1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(-1, keepdims=True)
        mixed = join(p @ v)
        x = x + mixed @ w[f"wo{n}"].T
        f, f_saved = norm(x, w[f"norm_f{n}"])
        gate, up = f @ w[f"w1{n}"].T, f @ w[f"w3{n}"].T
        sigmoid = 1 / (1 + np.exp(-gate))
        inner = gate * sigmoid * up
        x = x + inner @ w[f"w2{n}"].T
        saved.append((a, a_saved, q, k, v, p, mixed, f, f_saved, gate, up, sigmoid, inner))
    out, out_saved = norm(x, w["norm"])
    logits = out @ w["embedding"].T
    logits -= logits.max(-1, keepdims=True)
    targets, counted = tokens[:, 1:].reshape(-1), mask.reshape(-1)
    rows = np.arange(len(targets))
    chosen = logits[rows, targets].copy()
    np.exp(logits, out=logits)
    sums = logits.sum(-1)
    loss = float(((np.log(sums) - chosen) * counted).sum() / counted.sum())

    d = logits
    d /= sums[:, None]
    d[rows, targets] -= 1
    d *= (counted / counted.sum())[:, None].astype(np.float32)
    g = {"embedding": d.T @ out}
    dx, g["norm"] = norm_back(d @ w["embedding"], w["norm"], out_saved)
    for n in reversed(range(LAYERS)):
        a, a_saved, q, k, v, p, mixed, f, f_saved, gate, up, sigmoid, inner = saved[n]
        g[f"w2{n}"] = dx.T @ inner
        d_inner = dx @ w[f"w2{n}"]
        d_up = d_inner * gate * sigmoid
        d_gate = d_inner * up * sigmoid * (1 + gate * (1 - sigmoid))
        g[f"w1{n}"], g[f"w3{n}"] = d_gate.T @ f, d_up.T @ f
        d_f, g[f"norm_f{n}"] = norm_back(d_gate @ w[f"w1{n}"] + d_up @ w[f"w3{n}"], w[f"norm_f{n}"], f_saved)
        dx = dx + d_f
        g[f"wo{n}"] = dx.T @ mixed
        d_mixed = split(dx @ w[f"wo{n}"], batch, t)
        d_v = p.transpose(0, 1, 3, 2) @ d_mixed
        d_p = d_mixed @ v.transpose(0, 1, 3, 2)
        d_p -= (d_p * p).sum(-1, keepdims=True)
        d_p *= p
        d_p *= scale
        d_q, d_k = rotate(d_p @ k, -1.0), rotate(d_p.transpose(0, 1, 3, 2) @ q, -1.0)
        d_a = 0
        for kind, d_kind in (("wq", join(d_q)), ("wk", join(d_k)), ("wv", join(d_v))):
            g[f"{kind}{n}"] = d_kind.T @ a
            d_a = d_a + d_kind @ w[f"{kind}{n}"]
        d_a, g[f"norm_a{n}"] = norm_back(d_a, w[f"norm_a{n}"], a_saved)
        dx = dx + d_a
    np.add.at(g["embedding"], tokens[:, :-1].reshape(-1), dx)
    return loss, g


def write_model(path: pathlib.Path, w: dict[str, np.ndarray]) -> None:
    with open(path, "wb") as file:
        file.write(struct.pack("<7i", DIM, HIDDEN, LAYERS, HEADS, HEADS, VOCABULARY, CONTEXT))
        file.write(w["embedding"].astype("<f4").tobytes())
        for kind in ("norm_a", "wq", "wk", "wv", "wo", "norm_f", "w1", "w2", "w3"):
            for n in range(LAYERS):
                file.write(w[f"{kind}{n}"].astype("<f4").tobytes())
        for array in (w["norm"], COS, SIN):
            file.write(array.astype("<f4").tobytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--batch", type=int, default=16, help="stories in a step")
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=1e9, help="fewer steps, so that it ends by then")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    if options.show:
        print("\n\n".join(story(rng) for _ in range(options.show)))
        return
    pieces = train_bpe([story(rng) for _ in range(2000)])
    encode = Encoder(pieces)
    write_tokenizer(options.out / "tokenizer.bin", pieces)
    w = initial(np.random.default_rng(options.seed))
    print(f"{sum(a.size for a in w.values())} parameters", flush=True)
    first = {name: np.zeros_like(a) for name, a in w.items()}
    second = {name: np.zeros_like(a) for name, a in w.items()}
    begin, average, step, done = time.time(), None, 0, 0.0
    while done < 1:
        rows = sorted([BEGIN, *encode(story(rng)), BEGIN][: CONTEXT + 1] for _ in range(options.batch))
        longest = max(map(len, rows))
        tokens = np.full((len(rows), longest), BEGIN)
        mask = np.zeros((len(rows), longest - 1), np.float32)
        for i, row in enumerate(rows):
            tokens[i, : len(row)], mask[i, : len(row) - 1] = row, 1
        loss, g = loss_and_gradients(w, tokens, mask)
        step += 1
        # How far it is says the rate, too: up in the first steps, then down to a twentieth in a half cosine.
        done = max(step / options.steps, (time.time() - begin) / 60 / options.minutes)
        rate = options.rate * min(1, step / 40) * (0.05 + 0.475 * (1 + np.cos(np.pi * min(done, 1))))
        clip = min(1.0, 1 / np.sqrt(sum(float((a * a).sum()) for a in g.values())))
        for name, a in g.items():
            a *= np.float32(clip)
            first[name] += 0.1 * (a - first[name])
            second[name] += 0.01 * (a * a - second[name])
            change = first[name] / (1 - 0.9**step) / (np.sqrt(second[name] / (1 - 0.99**step)) + 1e-8)
            if a.ndim > 1 and name != "embedding":
                change += 0.05 * w[name]
            w[name] -= np.float32(rate) * change
        average = loss if average is None else average + 0.05 * (loss - average)
        if step % 50 == 0 or done >= 1:
            print(f"step {step}: loss {average:.3f}, {time.time() - begin:.0f} s, {time.process_time():.0f} s of CPU", flush=True)
            write_model(options.out / "model.bin", w)


if __name__ == "__main__":
    main()
