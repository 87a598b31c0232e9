// SPDX-License-Identifier: MIT
// A vCPU of a VMM in Rust whose KVM_RUN ended with KVM_EXIT_SHUTDOWN, explained through the C ABI without a
// crate: rustc --edition 2021 explain.rs -lkvmwhy. The structures are those of <kvmwhy/kvmwhy.h>,
// member for member.
use std::ffi::{c_char, c_int, c_uint, c_void, CStr};
use std::ptr::{null, null_mut};

#[repr(C)]
struct VcpuMsr {
    index: u32,
    value: u64,
}

#[repr(C)]
struct VcpuState {
    size: usize,
    arch: *const c_char,
    error: c_int,
    number: c_int,
    run: *const c_void,
    run_size: usize,
    regs: *const c_void,
    regs_size: usize,
    sregs: *const c_void,
    sregs_size: usize,
    events: *const c_void,
    events_size: usize,
    debugregs: *const c_void,
    debugregs_size: usize,
    msrs: *const VcpuMsr,
    nmsrs: usize,
    code: *const u8,
    code_size: usize,
    code_at: usize,
    code_known: u64,
    flags: c_uint,
    vmm: *const c_char,
    guest: *const c_char,
}

const REASON_SCRATCH: usize = 131072;
const EXIT_REASON: usize = 8; // in struct kvm_run
const KVM_EXIT_SHUTDOWN: u8 = 8;

extern "C" {
    fn kw_vcpu_reason(
        state: *const VcpuState,
        options: *const c_void,
        scratch: *mut c_void,
        scratch_size: usize,
        buf: *mut c_char,
        size: usize,
    ) -> usize;
    fn kw_vcpu_explain(
        state: *const VcpuState,
        options: *const c_void,
        format: *const c_char,
        ret: *mut *mut c_char,
    ) -> c_int;
    fn free(p: *mut c_void);
}

/// The line for the log of a thread that is about to end.
fn reason(state: &VcpuState) -> String {
    let mut scratch = vec![0u8; REASON_SCRATCH]; // a VMM has it from the beginning
    let mut line = [0 as c_char; 512];

    unsafe {
        kw_vcpu_reason(state, null(), scratch.as_mut_ptr().cast(), scratch.len(), line.as_mut_ptr(), line.len());
        CStr::from_ptr(line.as_ptr()).to_string_lossy().into_owned()
    }
}

/// The whole answer, or a negative errno.
fn answer(state: &VcpuState) -> Result<String, c_int> {
    let mut text = null_mut();

    unsafe {
        match kw_vcpu_explain(state, null(), c"text".as_ptr(), &mut text) {
            0 => {
                let owned = CStr::from_ptr(text).to_string_lossy().into_owned();
                free(text.cast());
                Ok(owned)
            }
            err => Err(err),
        }
    }
}

fn main() {
    let mut run = vec![0u8; 4096]; // that of a VMM is mapped
    run[EXIT_REASON] = KVM_EXIT_SHUTDOWN;

    let mut state: VcpuState = unsafe { std::mem::zeroed() };
    state.size = std::mem::size_of::<VcpuState>();
    state.number = 0;
    state.run = run.as_ptr().cast();
    state.run_size = run.len();

    println!("{}\n", reason(&state));
    match answer(&state) {
        Ok(text) => print!("{text}"),
        Err(err) => eprintln!("kw_vcpu_explain: {err}"),
    }
}
