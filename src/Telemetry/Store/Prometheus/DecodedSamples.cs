using System.Buffers;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>A request's samples, in memory that serves the next request after <see cref="Dispose"/>.</summary>
public sealed class DecodedSamples : IDisposable
{
    private Sample[] samples = ArrayPool<Sample>.Shared.Rent(1024);

    public int Count { get; private set; }

    /// <summary>Good until this is disposed of.</summary>
    public IReadOnlyList<Sample> Samples => new ArraySegment<Sample>(samples, 0, Count);

    public void Dispose()
    {
        ArrayPool<Sample>.Shared.Return(samples);
        samples = [];
        Count = 0;
    }

    internal void Truncate(int count) => Count = count;

    internal void Add(in Sample sample)
    {
        if (Count == samples.Length)
        {
            var longer = ArrayPool<Sample>.Shared.Rent(Count * 2);
            samples.CopyTo(longer, 0);
            ArrayPool<Sample>.Shared.Return(samples);
            samples = longer;
        }

        samples[Count++] = sample;
    }
}
