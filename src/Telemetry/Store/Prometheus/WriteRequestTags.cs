namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>Protobuf tags (field number shl 3, wire type) of <c>prometheus.WriteRequest</c> and what is in it.</summary>
internal static class WriteRequestTags
{
    public const uint Series = (1 << 3) | LengthDelimited;
    public const uint SeriesLabel = (1 << 3) | LengthDelimited;
    public const uint SeriesSample = (2 << 3) | LengthDelimited;
    public const uint LabelName = (1 << 3) | LengthDelimited;
    public const uint LabelValue = (2 << 3) | LengthDelimited;
    public const uint SampleValue = (1 << 3) | Fixed64;
    public const uint SampleTimestamp = (2 << 3) | Varint;

    public const uint WireTypeMask = 7;
    public const uint Varint = 0;
    public const uint Fixed64 = 1;
    public const uint LengthDelimited = 2;
    public const uint Fixed32 = 5;
}
