"""Expressions and texts as JSON in; what `re` finds in each text, and in how many nanoseconds, as JSON out."""

import json
import re
import statistics
import sys
import time

BATCH = 1e-3  # seconds that a batch takes at least
BUDGET = 0.3  # seconds that a text is searched for at least
FEWEST = 3  # batches, unless one takes longer than a second

given = json.load(sys.stdin)
expressions = [re.compile(each, re.IGNORECASE) for each in given["expressions"]]


def search(text):
    return [number for number, each in enumerate(expressions) if each.search(text)]


def batch(text, rounds):
    start = time.perf_counter()
    for _ in range(rounds):
        search(text)
    return time.perf_counter() - start


def median(text):
    rounds, taken = 1, batch(text, 1)
    while taken < BATCH:
        rounds *= 2
        taken = batch(text, rounds)
    batches = [taken]
    while sum(batches) < BUDGET or (len(batches) < FEWEST and taken < 1):
        batches.append(batch(text, rounds))
    return statistics.median(batches) / rounds * 1e9


print(json.dumps([{"found": search(text), "nanoseconds": median(text)} for text in given["texts"]]))
