using System.Net;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Tests;

/// <summary>Names of their own for what a test makes in this machine's kernel.</summary>
internal static class TestLab
{
    private static int count;

    internal static IReadOnlyList<PodDescription> TwoPods { get; } =
    [
        new PodDescription("client", "client", IPAddress.Parse("10.78.0.1")),
        new PodDescription("server", "server", IPAddress.Parse("10.78.0.2")),
    ];

    internal static LabSettings NewSettings(string? objectsDirectory = null) => new()
    {
        Prefix = $"nptest-{Environment.ProcessId}-{Interlocked.Increment(ref count)}",
        ObjectsDirectory = objectsDirectory,
        NodeName = "node-1",
    };

    internal static string[] NamespacesOf(LabSettings settings) =>
        Directory.Exists(LabNamespaces.Directory) ? Directory.GetFiles(LabNamespaces.Directory, $"{settings.Prefix}-*") : [];
}
