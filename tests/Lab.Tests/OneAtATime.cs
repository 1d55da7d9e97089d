// These tests measure time and throughput: side by side they would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
