namespace NetPulse.Telemetry.Store.Influx;

/// <summary>How much of one line-protocol request is believed.</summary>
public sealed record LineProtocolLimits
{
    public static readonly LineProtocolLimits Default = new();

    /// <summary>Of the request as it was sent.</summary>
    public int SentBytes { get; init; } = 32 << 20;

    /// <summary>Of the request once it is unpacked.</summary>
    public int UncompressedBytes { get; init; } = 32 << 20;

    /// <summary>A longer line is refused by itself; its neighbours are kept.</summary>
    public int LineBytes { get; init; } = 64 << 10;

    /// <summary>Tags of a line.</summary>
    public int Tags { get; init; } = 99;

    /// <summary>Of the request. A field takes four bytes on the wire and ten times that in memory.</summary>
    public int Samples { get; init; } = 500_000;
}
