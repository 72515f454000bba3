"""Reads pages as lines of JSON, {"text", "format"}, and answers each with {"samples"} or {"error"}, by the official parsers."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

PARSERS = {"openmetrics": openmetrics, "prometheus": prometheus}

for line in sys.stdin:
    page = json.loads(line)
    try:
        families = list(PARSERS[page["format"]](page["text"]))
        answer = {
            "samples": [
                {"family": family.name, "type": family.type, "name": s.name, "labels": s.labels, "value": repr(float(s.value))}
                for family in families
                for s in family.samples
            ]
        }
    except Exception as error:  # Whatever it is, the page has been refused.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
