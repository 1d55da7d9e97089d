using System.Text.Json.Serialization;

namespace NetPulse.Store.Benchmarks;

/// <summary>What one store needed. A figure that it did not give is <see langword="null"/>.</summary>
internal sealed record StoreFigures
{
    /// <summary>Samples taken in for each second of the server process's CPU time (user and system), flushing and merging meanwhile included.</summary>
    [JsonPropertyName("ingest_samples_per_cpu_s")]
    public double? IngestSamplesPerCpuSecond { get; init; }

    /// <summary>All files of the store after it was told to end, for each sample.</summary>
    [JsonPropertyName("bytes_per_sample")]
    public double? BytesPerSample { get; init; }

    /// <summary>(a) all samples of the last hour of 10,000 series; best of five, until the last byte of the answer.</summary>
    [JsonPropertyName("query_a_ms")]
    public double? QueryAMilliseconds { get; init; }

    /// <summary>(b) the 95th percentile of every 5 minutes of 500 series over 24 hours.</summary>
    [JsonPropertyName("query_b_ms")]
    public double? QueryBMilliseconds { get; init; }

    /// <summary>(c) the 20 series with the highest rate over 5 minutes among 10,000.</summary>
    [JsonPropertyName("query_c_ms")]
    public double? QueryCMilliseconds { get; init; }

    /// <summary>Highest resident memory of the server process, queries included.</summary>
    [JsonPropertyName("rss_mib")]
    public double? ResidentMebibytes { get; init; }

    /// <summary>Highest resident memory until all samples were in, queries not included.</summary>
    [JsonIgnore]
    public double? ResidentBeforeQueriesMebibytes { get; init; }

    /// <summary>From the start of the process after kill -9 to its first good answer, with the log as it was.</summary>
    [JsonIgnore]
    public double? StartAfterKillSeconds { get; init; }
}
