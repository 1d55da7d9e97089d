using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Collector.Attribution;

namespace NetPulse.Collector.Tests;

/// <summary>Pods that have the addresses of a <see cref="TestNetwork"/>: workload <c>a</c> those of A, <c>b</c> those of B, whatever else is on this host.</summary>
internal sealed class TestPods : IDisposable
{
    private readonly DirectoryInfo files = System.IO.Directory.CreateTempSubdirectory("nptest-");

    internal TestPods()
    {
        foreach (var (name, address) in new[] { ("a-0", "10.99.0.1"), ("a-1", "fd99::1"), ("b-0", "10.99.0.2"), ("b-1", "fd99::2") })
        {
            File.WriteAllText(Path.Combine(files.FullName, $"{name}.yaml"), $$"""
                apiVersion: v1
                kind: Pod
                metadata: {name: {{name}}, namespace: shop}
                status: {podIP: "{{address}}"}
                """);
        }

        Directory = new PodDirectory(files.FullName, NullLogger<PodDirectory>.Instance);
    }

    internal PodDirectory Directory { get; }

    public void Dispose() => files.Delete(recursive: true);
}
