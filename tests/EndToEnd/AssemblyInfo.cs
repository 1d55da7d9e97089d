// Each test measures a whole lab: two at once would share two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
