namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>How much of one remote-write request is believed. What is beyond is refused before memory is taken for it.</summary>
public sealed record RemoteWriteLimits
{
    public static readonly RemoteWriteLimits Default = new();

    public int CompressedBytes { get; init; } = 8 << 20;

    public int UncompressedBytes { get; init; } = 32 << 20;

    /// <summary>Of the request. An empty sample takes two bytes on the wire and twelve times that in memory.</summary>
    public int Samples { get; init; } = 500_000;

    /// <summary>Of one series.</summary>
    public int Labels { get; init; } = 100;

    /// <summary>UTF-8 bytes of one series' names and values together.</summary>
    public int LabelBytes { get; init; } = 64 << 10;
}
