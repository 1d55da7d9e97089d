// Every test network has the same addresses, and who has an address is asked of the whole node.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
