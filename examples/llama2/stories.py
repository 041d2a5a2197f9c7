"""Little stories in which one thing follows from the other: somebody has a thing, something happens to it, and a friend knows
what to do. Names, the thing, its colour and what helps stay the same throughout a story."""

import random

GIRLS = ["Lily", "Mia", "Anna", "Sue"]
BOYS = ["Tom", "Ben", "Max", "Sam"]
COLOURS = ["red", "blue", "green", "big", "little", "old", "new"]
# thing: where it is found, what one does with it, what happens, what helps, what they did in the end
THINGS = {
    "ball": ("in the park", "kick", "the ball rolled into the pond", "took a long stick and pulled the ball out", "played with"),
    "kite": ("in the garden", "fly", "the kite got stuck in a tree", "climbed the tree and got the kite down", "played with"),
    "cup": ("in the kitchen", "fill", "the cup fell down and broke", "found some glue and fixed the cup", "drank milk from"),
    "boat": ("at the lake", "sail", "the boat went too far away", "threw a rope and pulled the boat back", "played with"),
    "hat": ("at the shop", "wear", "the wind took the hat away", "ran after the hat and caught it", "took turns with"),
    "dog": ("at the farm", "walk", "the dog ran into the forest", "called the dog and it came back", "walked home with"),
    "box": ("in the house", "open", "the box was locked", "looked under the bed and found the key", "sang songs about"),
    "drum": ("at the school", "play", "the drum was too loud", "showed how to play the drum softly", "made music with"),
}
FEELINGS = ["was very sad", "started to cry", "did not know what to do"]


def story(rng: random.Random) -> str:
    who, friend = rng.sample(GIRLS + BOYS, 2)
    thing = rng.choice(list(THINGS))
    place, use, trouble, help_, end = THINGS[thing]
    colour = rng.choice(COLOURS)
    a = "an" if colour == "old" else "a"
    girl = who in GIRLS
    she, her, kind = ("She", "her", "girl") if girl else ("He", "his", "boy")
    if rng.random() < 0.5:
        said = [f"One day, {who} found {a} {colour} {thing} {place}."]
    else:
        said = [f"Once there was a {kind} named {who}. {she} had {a} {colour} {thing}."]
    said.append(f"{she} wanted to {use} the {colour} {thing}.")
    said.append(f"But {trouble}. {who} {rng.choice(FEELINGS)}.")
    said.append(f"Then {her} friend {friend} came. {friend} {help_}.")
    said.append(f'"Thank you, {friend}!" said {who}.')
    if rng.random() < 0.5:
        said.append(f"{who} and {friend} {end} the {colour} {thing} all day.")
    else:
        said.append(f"They {end} the {colour} {thing}, and {who} was happy again.")
    return " ".join(said)
