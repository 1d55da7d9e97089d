using System.Diagnostics.Metrics;
using NetPulse.Collector.Export.Spool;

namespace NetPulse.Collector.Export.Delivery;

/// <summary>What became of samples that were sent, by destination.</summary>
internal sealed class DeliveryMeter(Meter meter)
{
    public Counter<long> Sent { get; } = meter.CreateCounter<long>("netpulse_export_sent_samples", description: "Samples that the destination has acknowledged.");

    public Counter<long> SentBytes { get; } = meter.CreateCounter<long>("netpulse_export_sent_bytes", "bytes", description: "Bodies of requests, compressed, tries again included.");

    public Counter<long> Refused { get; } = meter.CreateCounter<long>("netpulse_export_refused_samples", description: "Samples dropped because the destination will never take them.");

    public Counter<long> Thinned { get; } = meter.CreateCounter<long>("netpulse_export_thinned_samples", description: "Samples left out so that the rest fits through the bandwidth allowed.");

    public Counter<long> Retries { get; } = meter.CreateCounter<long>("netpulse_export_retries", description: "Requests that failed and were tried again.");

    public void ObserveKeptEvery(string destination, Func<int> keptEvery) =>
        meter.CreateObservableGauge("netpulse_export_kept_every", () => new Measurement<int>(keptEvery(), Tag(destination)), description: "Each reading is sent where this is 1, every second where it is 2, and so on.");

    public static KeyValuePair<string, object?> Tag(string destination) => new(SpoolMeter.Destination, destination);
}
