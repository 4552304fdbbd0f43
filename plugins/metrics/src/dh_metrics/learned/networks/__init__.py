"""The networks, with the published layers and key names, so that published state dicts load strictly."""
