"""How a trunk's layers are run for prediction: block by block, within the cache, where the photo reaches."""
