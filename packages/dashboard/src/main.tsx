import './session/link-token.js'; // first: the token must leave the address before anything reads it
import './lib/language.js'; // before the pages are loaded that have charts
import './styles.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/client.js';
import { router } from './router.js';
import { tellWhatIsCut } from './ui/cut.js';
import { Toasts } from './ui/toast.js';
import { TooltipProvider } from './ui/tooltip.js';

const element = document.getElementById('root');
if (!element) throw new Error('index.html has no #root');
tellWhatIsCut(document);
createRoot(element).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <TooltipProvider>
        <RouterProvider router={router} />
        <Toasts />
      </TooltipProvider>
    </QueryClientProvider>
  </StrictMode>,
);
