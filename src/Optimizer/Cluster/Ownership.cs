namespace NetPulse.Optimizer.Cluster;

/// <summary>How an object says that we made it.</summary>
internal static class Ownership
{
    public static IReadOnlyDictionary<string, string> Labels { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["app.kubernetes.io/managed-by"] = "netpulse" };
}
