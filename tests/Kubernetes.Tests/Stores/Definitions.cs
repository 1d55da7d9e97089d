using System.Runtime.CompilerServices;

namespace NetPulse.Kubernetes.Tests.Stores;

/// <summary>The definitions of our kinds, deploy/crds.</summary>
internal static class Definitions
{
    public static IReadOnlyList<string> Files => [.. Directory.EnumerateFiles(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../deploy/crds")), "*.yaml").Order(StringComparer.Ordinal)];

    private static string ThisFile([CallerFilePath] string here = "") => here;
}
