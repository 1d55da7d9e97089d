using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Export;

public sealed class RemoteWriteOptions
{
    public const string Section = "remoteWrite";

    /// <summary>Where readings are pushed to, as <c>http://optimizer:9480/api/v1/write</c>; nothing is pushed unless set.</summary>
    [Url]
    public string? Url { get; set; }

    /// <summary>Readings that wait in memory while the store is away: 1 to 10,000; 360 (an hour of ticks of 10 s) unless set. The oldest gives way.</summary>
    [Range(1, 10_000)]
    public int QueuedReadings { get; set; } = 360;

    /// <summary>How long one request may take: 1 s to 5 min; 10 s unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);
}

[OptionsValidator]
internal sealed partial class RemoteWriteOptionsValidator : IValidateOptions<RemoteWriteOptions>;
