"""Expressions and lists of texts as JSON in; what `re` finds in each list, and in how many nanoseconds a text, as JSON out."""

import json
import re
import statistics
import sys
import time

BATCH = 1e-3  # seconds that a batch takes at least
BUDGET = 0.3  # seconds that a list is searched for at least
FEWEST = 3  # batches, unless one takes longer than a second

given = json.load(sys.stdin)
expressions = [re.compile(each, re.IGNORECASE) for each in given["expressions"]]


def search(text):
    return [number for number, each in enumerate(expressions) if each.search(text)]


def batch(texts, rounds):
    start = time.perf_counter()
    for _ in range(rounds):
        for text in texts:
            search(text)
    return time.perf_counter() - start


def median(texts):
    rounds, taken = 1, batch(texts, 1)
    while taken < BATCH:
        rounds *= 2
        taken = batch(texts, rounds)
    batches = [taken]
    while sum(batches) < BUDGET or (len(batches) < FEWEST and taken < 1):
        batches.append(batch(texts, rounds))
    return statistics.median(batches) / rounds / len(texts) * 1e9


def searched(texts):
    found = {number for text in texts for number in search(text)}
    return {"found": sorted(found), "nanoseconds": median(texts)}


print(json.dumps([searched(texts) for texts in given["texts"]]))
