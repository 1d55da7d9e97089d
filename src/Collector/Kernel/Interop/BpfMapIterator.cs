namespace NetPulse.Collector.Kernel.Interop;

internal static unsafe class BpfMapIterator
{
    /// <summary>Attaches an iterator program to the elements of one map.</summary>
    /// <returns>An invalid handle on failure, with errno.</returns>
    internal static BpfLinkHandle Attach(nint program, int map)
    {
        var info = new LibBpf.bpf_iter_link_info { map_fd = (uint)map };
        var options = new LibBpf.bpf_iter_attach_opts
        {
            sz = (nuint)sizeof(LibBpf.bpf_iter_attach_opts),
            link_info = &info,
            link_info_len = (uint)sizeof(LibBpf.bpf_iter_link_info),
        };
        return LibBpf.bpf_program__attach_iter(program, in options);
    }
}
