using NetPulse.Collector.Kernel.Interop;

namespace NetPulse.Collector.Kernel;

/// <summary>The loaded <c>drops.bpf.c</c>: counts dropped packets by owner and reason from <see cref="Load"/> on.</summary>
/// <remarks>Used by one thread at a time.</remarks>
public sealed class DropsProgram : IDisposable
{
    private const string Needs = "this kernel gives no reasons for drops: Linux 5.17 or later does";

    private readonly BpfPrograms programs;
    private readonly BpfMap<DropKey, ulong> drops;
    private readonly BpfMap<uint, ulong> overflow;

    private DropsProgram(BpfPrograms programs, DropReasons reasons)
    {
        this.programs = programs;
        Reasons = reasons;
        drops = programs.Map<DropKey, ulong>("drops", isPerProcessor: true);
        overflow = programs.Map<uint, ulong>("overflow", isPerProcessor: true);
    }

    internal delegate void DropHandler(in DropKey key, bool isOverflow, ulong packets);

    public DropReasons Reasons { get; }

    /// <exception cref="BpfException">No libbpf, no BTF, no right to load BPF, or a kernel that gives no reasons.</exception>
    public static DropsProgram Load()
    {
        BpfPrograms.Require("drops.bpf.o");
        var reasons = DropReasons.OfThisKernel();
        try
        {
            return Attach("count_drop_of_receiver", reasons);
        }
        catch (BpfException)
        {
            // Before 6.11 the packet alone is told.
            return Attach("count_drop", reasons);
        }
    }

    /// <summary>Hands over the packets dropped since their row was added; as overflow, without an owner, what found no room with one.</summary>
    /// <exception cref="BpfException">A map could not be read.</exception>
    internal void Read(DropHandler each)
    {
        drops.ReadAll((in key, values) => each(in key, isOverflow: false, Sum(values)));
        overflow.ReadAll((in reason, values) => each(new DropKey { Reason = reason }, isOverflow: true, Sum(values)));
    }

    /// <summary>Forgets a row that has not counted anything for long.</summary>
    internal void Forget(DropKey key) => drops.Delete(key);

    public void Dispose() => programs.Dispose();

    private static DropsProgram Attach(string program, DropReasons reasons)
    {
        var loaded = BpfPrograms.Load("drops.bpf.o", [program], Needs);
        try
        {
            var result = new DropsProgram(loaded, reasons);
            loaded.Attach(program);
            return result;
        }
        catch (BpfException)
        {
            loaded.Dispose();
            throw;
        }
    }

    private static ulong Sum(ReadOnlySpan<ulong> perProcessor)
    {
        ulong sum = 0;
        foreach (var each in perProcessor)
        {
            sum += each;
        }

        return sum;
    }
}
