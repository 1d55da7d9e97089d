using NetPulse.Collector.Attribution;
using NetPulse.Collector.Sources;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Collector.Tests;

/// <summary>What the sources of network namespaces need, on the real kernel.</summary>
internal sealed class SourceRig : IDisposable
{
    private readonly TimeProvider time;

    internal SourceRig(TimeProvider? time = null)
    {
        this.time = time ?? TimeProvider.System;
        Node = new NodeObserver(Thread, null, this.time);
        Files = new NamespaceFiles(Thread, Node);
        Namespaces = new NamespaceReader(Thread, Node);
    }

    internal static NodeName Name { get; } = new("n");

    internal NetworkNamespaceThread Thread { get; } = new();

    internal NodeObserver Node { get; }

    internal NamespaceFiles Files { get; }

    internal NamespaceReader Namespaces { get; }

    /// <summary>One tick of the source, with what it leans on.</summary>
    internal SampleWriter Read(ISource source)
    {
        var samples = new SampleWriter(time.GetUtcNow());
        Node.Refresh();
        Files.Read(samples);
        source.Read(samples);
        return samples;
    }

    public void Dispose() => Thread.Dispose();
}

internal static class SampleSearch
{
    /// <summary>The samples of a metric that have these labels.</summary>
    internal static IReadOnlyList<Sample> Of(this SampleWriter samples, MetricDefinition metric, params (string Name, string Value)[] labels) =>
        [.. samples.Families().Where(family => family.Metric == metric).SelectMany(family => family.Samples).Where(sample => labels.All(label => sample.Labels[label.Name] == label.Value))];

    /// <summary>The one value of a metric that has these labels.</summary>
    internal static double ValueOf(this SampleWriter samples, MetricDefinition metric, params (string Name, string Value)[] labels) =>
        Assert.Single(samples.Of(metric, labels)).Value;
}
