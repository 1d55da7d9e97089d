using NetPulse.Tests;

namespace NetPulse.Kubernetes.Tests;

public sealed class FolderOrderTests
{
    [Fact]
    public void No_folder_names_a_later_one() =>
        new FolderOrder("Kubernetes", ["Objects", "Files", "Client", "Watching", "Leases", "Events", "Stores"]).AssertHolds();
}
