using System.Runtime.CompilerServices;

namespace NetPulse.Tuner.Tests;

/// <summary>The sources that these tests were built from.</summary>
internal static class Repository
{
    internal static string Root() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../.."));

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
