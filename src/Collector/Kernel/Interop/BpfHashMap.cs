using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>A BPF hash map that is emptied in batches. Used by one thread at a time.</summary>
/// <param name="descriptor">Of the map; stays its owner's.</param>
/// <param name="name">As in the object.</param>
internal sealed unsafe class BpfHashMap<TKey, TValue>(int descriptor, string name)
    where TKey : unmanaged
    where TValue : unmanaged
{
    private const int ENOENT = 2;
    private const int Batch = 512;

    private readonly TKey[] keys = new TKey[Batch];
    private readonly TValue[] values = new TValue[Batch];

    internal delegate void RowHandler(ref readonly TKey key, ref readonly TValue value);

    internal int Descriptor { get; } = descriptor;

    /// <exception cref="BpfException">The kernel refused the entry.</exception>
    internal void Set(TKey key, TValue value)
    {
        Require(LibBpf.bpf_map_update_elem(Descriptor, ref Unsafe.As<TKey, byte>(ref key), ref Unsafe.As<TValue, byte>(ref value), 0) == 0, $"write to the map {name}");
    }

    /// <summary>Hands over every entry and removes it. Nobody may write to the map meanwhile.</summary>
    /// <exception cref="BpfException">The map could not be read.</exception>
    internal void Drain(RowHandler each)
    {
        // The kernel keeps a bucket's number here, in whatever size the key has.
        TKey position = default;
        var isFirst = true;
        fixed (TKey* key = keys)
        {
            fixed (TValue* value = values)
            {
                bool isLast;
                do
                {
                    uint count = Batch;
                    var result = LibBpf.bpf_map_lookup_and_delete_batch(Descriptor, isFirst ? null : &position, &position, key, value, ref count, 0);
                    isLast = result != 0 && Marshal.GetLastPInvokeError() == ENOENT;
                    Require(result == 0 || isLast, $"drain the map {name}");
                    for (var i = 0; i < count; i++)
                    {
                        each(in keys[i], in values[i]);
                    }

                    isFirst = false;
                }
                while (!isLast);
            }
        }
    }

    private static void Require(bool done, string tried)
    {
        if (!done)
        {
            throw BpfObject.Failure(tried, "it is tried again at the next reading");
        }
    }
}
