using BenchmarkDotNet.Attributes;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Telemetry.Benchmarks;

/// <summary>A reading of 5,000 series as a remote-write request, there and back; beside it the least that any implementation must do, the snappy block alone.</summary>
[MemoryDiagnoser]
public class RemoteWrite
{
    private readonly Sample[] reading = Examples.Reading(5_000, 1_767_225_600_000);
    private byte[] request = [];
    private byte[] uncompressed = [];

    [GlobalSetup]
    public void Prepare()
    {
        request = RemoteWriteEncoder.Encode(reading);
        uncompressed = IronSnappy.Snappy.Decode(request);
    }

    [Benchmark]
    public byte[] Encode() => RemoteWriteEncoder.Encode(reading);

    [Benchmark]
    public byte[] EncodeSnappyAlone() => IronSnappy.Snappy.Encode(uncompressed);

    [Benchmark]
    public int Decode() => RemoteWriteDecoder.Decode(request, RemoteWriteLimits.Default).Count;

    [Benchmark]
    public int DecodeSnappyAlone() => IronSnappy.Snappy.Decode(request).Length;
}
