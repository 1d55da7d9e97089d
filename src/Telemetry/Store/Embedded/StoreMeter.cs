using System.Diagnostics.Metrics;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>The embedded store's own metrics, on the meter <c>NetPulse.Telemetry</c>.</summary>
internal sealed class StoreMeter : IDisposable
{
    private readonly Meter meter = new("NetPulse.Telemetry");
    private readonly Counter<long> dropped;
    private long samplesDropped;

    public StoreMeter()
    {
        Appended = meter.CreateCounter<long>("netpulse_store_samples_appended", description: "Samples that were acknowledged.");
        dropped = meter.CreateCounter<long>("netpulse_store_samples_dropped", description: "Samples that were not kept, by reason.");
        DaysDropped = meter.CreateCounter<long>("netpulse_store_expired_files", description: "Day files deleted because of their age, or of the bytes of all.");
        Damaged = meter.CreateCounter<long>("netpulse_store_set_aside_files", description: "Files that were found damaged and set aside.");
        FailedFlushes = meter.CreateCounter<long>("netpulse_store_failed_flushes", description: "Flushes that are tried again.");
        DaysRolledUp = meter.CreateCounter<long>("netpulse_store_rolled_up_files", description: "Days whose samples were rolled up, again where late samples came.");
        FailedRollUps = meter.CreateCounter<long>("netpulse_store_failed_roll_ups", description: "Roll-ups that are tried again.");
        FailedAppends = meter.CreateCounter<long>("netpulse_store_failed_appends", description: "Appends that were refused by the disk.");
    }

    public Counter<long> Appended { get; }

    public Counter<long> DaysDropped { get; }

    public Counter<long> Damaged { get; }

    public Counter<long> FailedFlushes { get; }

    public Counter<long> DaysRolledUp { get; }

    public Counter<long> FailedRollUps { get; }

    public Counter<long> FailedAppends { get; }

    public long SamplesDropped => Interlocked.Read(ref samplesDropped);

    public void Drop(long samples, string reason)
    {
        if (samples > 0)
        {
            Interlocked.Add(ref samplesDropped, samples);
            dropped.Add(samples, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    public void Observe(Func<StoreStatistics> statistics)
    {
        meter.CreateObservableGauge("netpulse_store_head_series", () => statistics().HeadSeries, description: "Series with samples that are not in a day file yet.");
        meter.CreateObservableGauge("netpulse_store_head_samples", () => statistics().HeadSamples, description: "Samples that are not in a day file yet.");
        meter.CreateObservableGauge("netpulse_store_segments", () => statistics().Segments, description: "Segments of the log.");
        meter.CreateObservableGauge("netpulse_store_disk_bytes", () => statistics().BytesOnDisk, "bytes", "All files of the store.");
        meter.CreateObservableGauge("netpulse_store_damaged_files", () => statistics().DamagedFiles, description: "Files set aside in the store's directory.");
    }

    public void Dispose() => meter.Dispose();
}
