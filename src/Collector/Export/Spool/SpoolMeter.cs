using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace NetPulse.Collector.Export.Spool;

/// <summary>What became of samples on their way out, by destination.</summary>
internal sealed class SpoolMeter(Meter meter)
{
    /// <summary>The label, and the tag of the instruments.</summary>
    public const string Destination = "destination";

    public Counter<long> Overflowed { get; } = meter.CreateCounter<long>("netpulse_export_overflowed_samples", description: "Samples given up before they were sent, because they were too old or there was no room for more to wait.");

    public Counter<long> Damaged { get; } = meter.CreateCounter<long>("netpulse_export_spool_damaged_bytes", description: "Bytes of the spool that hold no whole reading: the torn end of a process that was killed, or a bad disk.");

    public Counter<long> FailedWrites { get; } = meter.CreateCounter<long>("netpulse_export_spool_write_failures", description: "Readings that the disk did not take; they waited in memory.");

    public void Observe(Func<ImmutableArray<Measurement<long>>> waitingReadings, Func<long> bytes)
    {
        meter.CreateObservableGauge("netpulse_export_waiting_readings", () => (IEnumerable<Measurement<long>>)waitingReadings(), description: "Readings that wait to be sent.");
        meter.CreateObservableGauge("netpulse_export_spool_bytes", bytes, description: "Size of the files in which readings wait.");
    }
}
