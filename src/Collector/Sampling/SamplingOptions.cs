using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sources;

namespace NetPulse.Collector.Sampling;

public sealed class SamplingOptions
{
    public const string Section = "sampling";

    /// <summary>Time between two readings: 1 s to 5 min; 10 s unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Workload pairs that have TCP series of their own: 10 to 100,000; 10,000 unless set. The rest is folded into the peer <c>other</c>.</summary>
    [Range(10, 100_000)]
    public int MaxEdges { get; set; } = 10_000;

    /// <summary>Peers' addresses that have a row of their own in the kernel between two readings, about 0.5 KiB each while in use: 64 to 262,144; 16,384 unless set. The rest shares its owner's peer <c>other</c>.</summary>
    [Range(64, 262_144)]
    public int TcpRows { get; set; } = TcpProgram.DefaultEdges;

    /// <summary>The busiest TCP connections that have series of their own: 0 to 10,000; none unless set.</summary>
    [Range(0, 10_000)]
    public int TcpFlows { get; set; }

    internal TcpOptions Tcp => new(MaxEdges, TcpRows, TcpFlows);

    /// <summary>Series of one reading: 100 to 1,000,000; 50,000 unless set. Beyond it the smallest workload pairs, of all protocols, are folded into the peer <c>other</c>.</summary>
    [Range(100, 1_000_000)]
    public int MaxSeries { get; set; } = 50_000;
}

[OptionsValidator]
internal sealed partial class SamplingOptionsValidator : IValidateOptions<SamplingOptions>;
