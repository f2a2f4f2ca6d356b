#!/usr/bin/env node
/** The process: one member of a cluster. `--help` names its options. */
import { runProcess } from './lifecycle.ts';

runProcess(process);
