using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>The reading end of a BPF ring buffer. Used by one thread at a time.</summary>
internal sealed unsafe class RingBuffer : IDisposable
{
    private readonly RingBufferHandle ring;
    private GCHandle self;
    private RecordHandler? handler;
    private Exception? failure;

    internal RingBuffer(int map)
    {
        self = GCHandle.Alloc(this);
        ring = LibBpf.ring_buffer__new(map, &Receive, GCHandle.ToIntPtr(self), 0);
    }

    /// <summary>Called with each record, which is gone afterwards.</summary>
    internal delegate void RecordHandler(ReadOnlySpan<byte> record);

    /// <summary>Whether the buffer could not be mapped; errno then says why.</summary>
    internal bool IsInvalid => ring.IsInvalid;

    /// <summary>Hands over what is there. What the handler throws is thrown on; the record that it was given is then gone.</summary>
    /// <returns>How many records there were, or a negative errno.</returns>
    internal int Consume(RecordHandler each)
    {
        handler = each;
        var count = LibBpf.ring_buffer__consume(ring);
        handler = null;
        if (failure is { } thrown)
        {
            failure = null;
            throw new InvalidOperationException("A record of the ring buffer could not be taken", thrown);
        }

        return count;
    }

    public void Dispose()
    {
        ring.Dispose();
        if (self.IsAllocated)
        {
            self.Free();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Receive(nint context, byte* data, nuint size)
    {
        var buffer = (RingBuffer)GCHandle.FromIntPtr(context).Target!;
        try
        {
            buffer.handler!(new ReadOnlySpan<byte>(data, (int)size));
            return 0;
        }
#pragma warning disable CA1031 // no exception may cross libbpf's frames: Consume throws it on
        catch (Exception e)
#pragma warning restore CA1031
        {
            buffer.failure = e;
            return -1;
        }
    }
}
