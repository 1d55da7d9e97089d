using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Ingest;

/// <summary>The store that the settings name, as it is: staleness markers and all.</summary>
internal sealed class OpenedStore(ISampleStore samples) : IDisposable
{
    public ISampleStore Samples { get; } = samples;

    public void Dispose() => (Samples as IDisposable)?.Dispose();
}
